"""From the link to the end, to withdrawal and erasure; previews and rehearsals too."""
