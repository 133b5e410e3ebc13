// The six sides of a child's life, in the order of the board.
export const DOMAINS = ["health", "nutrition", "economic", "protection", "education", "psychosocial"];
