"""Single images: their files, thumbnails, and decoding in a process of its own."""
