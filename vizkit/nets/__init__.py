"""The network and what is inside it: load or wrap one, list its layers, read them, edit them."""
