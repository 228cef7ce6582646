"""Images by similarity to texts or to other images, over FAISS."""
