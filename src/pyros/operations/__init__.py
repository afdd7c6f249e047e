"""What an administrator does with the whole house: load the observatory, demonstration requests, house-keeping."""
