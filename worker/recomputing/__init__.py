"""Computing stored scores and runs again, to say where they come out differently."""
