"""Pages of visits, invitations, experts, rehearsals and withdrawals."""
