"""The classroom: exercises that answer a mistake with the right question, forms, guesses, plain errors."""
