"""Images as participants' pages show them."""
