"""A method as a widget: its controls, Run and Stop, and the picture as it grows; all read from its signature."""
