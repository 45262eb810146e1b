"""What makes the books of several ERPNext comparable: the cleaning rules C1 to C15."""
