"""What is read off a user's data set: its speciation, its collapse, and how well labels are recovered."""
