"""How the embedded priors are made: data with exact truth, one training command per model, exported weights."""
