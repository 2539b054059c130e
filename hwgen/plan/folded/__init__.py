"""Units that take many cycles: who does which weight when, and what the memories hold."""
