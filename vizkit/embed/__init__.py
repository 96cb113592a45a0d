"""Pictures as points: neighbours, affinities, the forces of t-SNE, and how good a map is."""
