"""What is known of each tensor of the file during the walk."""
