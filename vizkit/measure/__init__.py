"""Look at pictures and tell what they are worth: likeness, and how far to trust what was made. Imports `maximize`."""
