"""The engine of the business datasets: what is out of date, built inside MongoDB, then swapped."""
