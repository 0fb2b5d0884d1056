def answer(
