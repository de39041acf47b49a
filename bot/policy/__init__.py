"""The paper's decision theory: features, weights, utility, selection."""
