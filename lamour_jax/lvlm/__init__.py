"""From a picture to reward code: the conversation with a large vision-language model (LVLM)."""
