"""What a stage will take of a target."""
