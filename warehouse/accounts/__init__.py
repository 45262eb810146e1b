"""Portal accounts: who signs in, by which proof, and which ERPNext users that opens."""
