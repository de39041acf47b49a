"""A made-up stream of decisions with known truth, and the learners that are compared on it."""
