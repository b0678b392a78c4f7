"""What the templates of this app can say of numbers and times."""
