"""Who may reach which address: a matrix over every route of the site and every kind of person."""
