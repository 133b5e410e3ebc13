"""The pages: each view fetches through the policy, makes one call and renders."""
