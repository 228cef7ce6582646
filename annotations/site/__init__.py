"""What joins the rooms for the staff: a study's admin, its registry of pages, overview, next step, addresses."""
