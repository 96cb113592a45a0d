"""Search for a picture: objectives, penalties, pictures, transforms, and the one loop that joins them."""
