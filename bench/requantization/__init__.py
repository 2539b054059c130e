"""How sums become codes, and what wide sums take."""
