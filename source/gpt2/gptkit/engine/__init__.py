"""GPT-2 at work: tokenizer, forward pass, text completion. It knows no files but the tokenizer's two."""
