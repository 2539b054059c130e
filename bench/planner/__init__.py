"""What the planner expects, against what synthesis makes."""
