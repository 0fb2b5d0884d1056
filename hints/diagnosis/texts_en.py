"""The English texts of the diagnoses."""

from collections.abc import Mapping

from graphql_api.data.enums import DiagnosisKind
from hints.diagnosis.texts import Text

_VALUES = "Expected is {expected}, but your program wrote {actual}."
_LINES = "The difference is {lines} lines."
_MESSAGE = "The compiler reports: {message}"
_EXCEPTION = "The exception is {exception}."

TEXTS: Mapping[DiagnosisKind, Text] = {
    DiagnosisKind.WHITE_SPACE: Text(
        "Only white space differs",
        "The output contains the expected text, but spaces or line breaks differ.",
        "Compare the spaces and line breaks of your output with those of the sample output.",
    ),
    DiagnosisKind.LETTER_CASE: Text(
        "Only upper and lower case differ",
        "The output contains the expected words, but some letters have another case.",
        "Write the words exactly as the statement shows them, such as `YES` or `Yes`.",
        _VALUES,
    ),
    DiagnosisKind.LINE_ORDER: Text(
        "The lines have another order",
        "The output contains the expected lines, but in another order.",
        "Read again in which order the statement requires the results, and sort them.",
    ),
    DiagnosisKind.WORD_ORDER: Text(
        "The words have another order",
        "The output contains the expected words, but in another order.",
        "Check the order in which you print the values of a line.",
    ),
    DiagnosisKind.MISSING_FIRST_LINE: Text(
        "The first line is missing",
        "The output is correct except that the first line is missing.",
        "Check where your loop starts, and whether you print a result before the loop.",
    ),
    DiagnosisKind.MISSING_LAST_LINE: Text(
        "The last line is missing",
        "The output is correct except that the last line is missing.",
        "Check where your loop ends, and whether you print the result that is left after it.",
    ),
    DiagnosisKind.MISSING_LINES: Text(
        "Lines are missing",
        "All lines of the output are expected, but some expected lines are missing.",
        "Check in which cases your program prints nothing.",
        _LINES,
    ),
    DiagnosisKind.EXTRA_FIRST_LINE: Text(
        "There is an additional first line",
        "The output is correct except for an additional line at the start.",
        "Remove the first line that your program prints.",
    ),
    DiagnosisKind.EXTRA_LAST_LINE: Text(
        "There is an additional last line",
        "The output is correct except for an additional line at the end.",
        "Check where your loop ends, and remove output that was meant for debugging.",
    ),
    DiagnosisKind.EXTRA_LINES: Text(
        "There are additional lines",
        "The output contains all expected lines and also other lines.",
        "Remove output that was meant for debugging, and check how often your loop runs.",
        _LINES,
    ),
    DiagnosisKind.EXTRA_TEXT: Text(
        "There is additional text",
        "The output contains the expected values, but also text such as a prompt.",
        "Print only what the statement asks for. Remove texts such as `Enter n:`.",
        _VALUES,
    ),
    DiagnosisKind.EMPTY_OUTPUT: Text(
        "The output is empty",
        "The program ended normally, but printed nothing.",
        "Check that the function that prints the result is called, also for this kind of input.",
    ),
    DiagnosisKind.OFF_BY_ONE: Text(
        "A number differs by one",
        "The first wrong number differs from the expected number by exactly one.",
        "Check the bounds of your loops, and whether `<` should be `<=`.",
        _VALUES,
    ),
    DiagnosisKind.WRONG_SIGN: Text(
        "A number has the wrong sign",
        "The first wrong number is the expected number with the opposite sign.",
        "Check the order of the operands in your subtractions.",
        _VALUES,
    ),
    DiagnosisKind.POWER_OF_TWO_FACTOR: Text(
        "A number is wrong by a power of two",
        "The first wrong number and the expected number differ by a factor of 2, 4, 8 and so on.",
        "Check whether you count each pair twice, or divide by two once too often.",
        _VALUES,
    ),
    DiagnosisKind.OVERFLOW_32: Text(
        "A number exceeds 32 bits",
        "The first wrong number is the expected number after an overflow of a 32-bit integer.",
        "Use a 64-bit type, such as `long long` or `long`, also for intermediate results.",
        _VALUES,
    ),
    DiagnosisKind.OVERFLOW_64: Text(
        "A number exceeds 64 bits",
        "The first wrong number is the expected number after an overflow of a 64-bit integer.",
        "Use integers of any size, or reduce the numbers by the modulus after each operation.",
        _VALUES,
    ),
    DiagnosisKind.PRECISION: Text(
        "A number is not precise enough",
        "The first wrong number is close to the expected number, but not precise enough.",
        "Print more decimals, use `double` instead of `float`, and do not divide integers. Keep "
        "large integers in an integer type.",
        _VALUES,
    ),
    DiagnosisKind.NUMBER_FORMAT: Text(
        "A number has another format",
        "A number in the output has the expected value, but it is written in another way.",
        "Print the number of decimals that the statement requires, and no exponent.",
        _VALUES,
    ),
    DiagnosisKind.HIDDEN_TESTS_ONLY: Text(
        "The samples pass, but other tests fail",
        "The program solves all samples, but it fails on tests that are not shown.",
        "Test the smallest and the largest inputs that the constraints allow, and equal values.",
    ),
    DiagnosisKind.FROM_NTH_TEST: Text(
        "All tests fail from a certain test on",
        "All earlier tests pass. This test and all later tests fail.",
        "Test larger inputs: check array sizes, integer types and the limits of your loops.",
    ),
    DiagnosisKind.CHECKER_REJECTED: Text(
        "The answer was rejected",
        "The program that checks the answers of this problem rejected the output.",
        "Check that your answer satisfies all conditions of the statement.",
    ),
    DiagnosisKind.WRONG_ANSWER: Text(
        "The output is wrong",
        "The output differs from the expected output.",
        "Follow your program by hand on this input, and compare each step with the statement.",
        _VALUES,
    ),
    DiagnosisKind.INPUT_NOT_READ: Text(
        "The input was not read",
        "The program read nothing from its standard input.",
        "Read the input from the standard input, and not from a file.",
    ),
    DiagnosisKind.READ_PAST_END: Text(
        "The program reads more than the input contains",
        "The program tried to read after the end of the input.",
        "Compare the number and the layout of the values that you read with the statement.",
        _EXCEPTION,
    ),
    DiagnosisKind.NEVER_ENDS: Text(
        "The program does not end",
        "The program exceeded the time limit on all tests, even on the smallest input.",
        "Look for a loop whose condition never becomes false.",
    ),
    DiagnosisKind.SLOW_LINEAR: Text(
        "The program is slow, but its time grows in proportion to the input",
        "The time grows about in proportion to the size of the input.",
        "Read and write faster: use buffered input, and join the output before you print it.",
    ),
    DiagnosisKind.SLOW_GROWTH: Text(
        "The time grows faster than the input",
        "The time grows faster than in proportion to the size of the input.",
        "Look for nested loops over the input, and find an algorithm with fewer steps.",
    ),
    DiagnosisKind.TIME_LIMIT: Text(
        "The program is too slow",
        "The program exceeded the time limit.",
        "Count the steps of your program for the largest input that the constraints allow.",
    ),
    DiagnosisKind.IDLE: Text(
        "The program waits",
        "The program waited without computing until it was stopped.",
        "Remove calls such as `sleep`, and do not wait for threads that never end.",
    ),
    DiagnosisKind.MISSING_FLUSH: Text(
        "The program and the judge wait for each other",
        "The program waited for an answer of the judge until it was stopped.",
        "Flush the output after each line that you print, and read exactly one answer for it.",
    ),
    DiagnosisKind.MEMORY_GROWING: Text(
        "The memory grows with the input",
        "The program exceeded the memory limit on larger inputs.",
        "Keep only the data that you still need, and use more compact types.",
    ),
    DiagnosisKind.MEMORY_AT_ONCE: Text(
        "The program reserves too much memory",
        "The program exceeded the memory limit on all tests, even on the smallest input.",
        "Reduce the sizes of your arrays, and check that a recursion or loop ends.",
    ),
    DiagnosisKind.OUTPUT_LIMIT: Text(
        "The program writes too much",
        "The output is larger than the limit.",
        "Look for a loop that prints without end, and remove output that was meant for debugging.",
    ),
    DiagnosisKind.RECURSION_DEPTH: Text(
        "The recursion is too deep",
        "The program called functions too deeply.",
        "Check the condition that ends the recursion, or replace the recursion by a loop.",
        _EXCEPTION,
    ),
    DiagnosisKind.INDEX_ERROR: Text(
        "An index is out of range",
        "The program accessed an element that does not exist.",
        "Check the bounds of your loops, and the case of an empty list.",
        _EXCEPTION,
    ),
    DiagnosisKind.KEY_ERROR: Text(
        "A key does not exist",
        "The program looked up a key that the dictionary does not contain.",
        "Check that the key exists, or use a default value.",
        _EXCEPTION,
    ),
    DiagnosisKind.NULL_ERROR: Text(
        "A value is missing",
        "The program used an object that is null, None or undefined.",
        "Check which variable has no value yet, and whether you read all lines of the input.",
        _EXCEPTION,
    ),
    DiagnosisKind.ZERO_DIVISION: Text(
        "A division by zero",
        "The program divided by zero.",
        "Check each divisor, and treat zero as a case of its own.",
    ),
    DiagnosisKind.CONVERSION_ERROR: Text(
        "A text is not a number",
        "The program tried to convert a text that does not have the expected form.",
        "Split the line before you convert its parts, and compare the layout with the statement.",
        _EXCEPTION,
    ),
    DiagnosisKind.UNCAUGHT_EXCEPTION: Text(
        "An exception ended the program",
        "The program raised an exception and did not handle it.",
        "Look at the named line of your code, and at the values of its variables.",
        _EXCEPTION,
    ),
    DiagnosisKind.INVALID_MEMORY_ACCESS: Text(
        "An invalid memory access",
        "The program accessed memory that does not belong to it.",
        "Check array indexes and pointers, and the depth of your recursion.",
        "The signal is {signal}.",
    ),
    DiagnosisKind.ABORTED: Text(
        "The program aborted itself",
        "The program or its library stopped with `abort`.",
        "Check assertions, exceptions that are not caught, and memory that is freed twice.",
        "The signal is {signal}.",
    ),
    DiagnosisKind.SIGNAL: Text(
        "A signal ended the program",
        "The program was ended by a signal.",
        "Remove calls that the judge does not allow.",
        "The signal is {signal}.",
    ),
    DiagnosisKind.EXIT_CODE: Text(
        "The exit code is not 0",
        "The program ended with an exit code other than 0.",
        "Let your program end with exit code 0, such as by `return 0`.",
        "The exit code is {exit_code}.",
    ),
    DiagnosisKind.COMPILE_SYNTAX: Text(
        "A syntax error",
        "The compiler cannot read the code at this place.",
        "Look at the named line, and at the end of the line before it.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_INDENTATION: Text(
        "The indentation is wrong",
        "The indentation does not match the structure of the code.",
        "Indent each block by the same number of spaces, and do not mix tabs and spaces.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_MISSING_SEMICOLON: Text(
        "A semicolon is missing",
        "The compiler expected a semicolon.",
        "Add `;` at the end of the named line or of the line before it.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_UNBALANCED_BRACKET: Text(
        "A bracket is missing or superfluous",
        "The brackets of the code do not match.",
        "Check that each `(`, `[` and `{` has its counterpart.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_UNTERMINATED_TEXT: Text(
        "A text is not closed",
        "A text in quotes is not closed, or the code contains a character that is not allowed.",
        "Close the quotes in the named line.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_UNKNOWN_NAME: Text(
        "A name is unknown",
        "The code uses a name that is not declared.",
        "Check the spelling of the name, its declaration and the imports.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_WRONG_TYPE: Text(
        "Types do not match",
        "A value has another type than the code requires at this place.",
        "Compare the type of the variable with the type of the value.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_WRONG_ARGUMENTS: Text(
        "The arguments do not match",
        "A function is called with other arguments than it accepts.",
        "Compare the number, order and types of the arguments with the declaration.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_MISSING_RETURN: Text(
        "A return statement is missing",
        "A function that must return a value ends without one.",
        "Add a `return` for each way through the function.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_DUPLICATE_NAME: Text(
        "A name is declared twice",
        "The code declares the same name more than once.",
        "Rename or remove one of the declarations.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_MISSING_LIBRARY: Text(
        "A library is missing",
        "The code uses a library or header that is not available.",
        "Use the standard library, and check the spelling of its name.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_MISSING_MAIN: Text(
        "The main function or class is missing",
        "The program has no start, or its start has another name than required.",
        "Name the start of your program as the language's example shows it.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_UNASSIGNED_VARIABLE: Text(
        "A variable has no value",
        "The code uses a variable that may not have a value yet.",
        "Assign an initial value to the variable.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_CONSTANT_CHANGED: Text(
        "An assignment is not allowed",
        "The code assigns a value to something that cannot be changed.",
        "Check the left side of the assignment, and whether `=` should be `==`.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_UNHANDLED_EXCEPTION: Text(
        "An exception is not handled",
        "The code calls a method whose exception must be declared or caught.",
        "Add `throws` to the method, or catch the exception.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_MISPLACED_STATEMENT: Text(
        "A statement is in the wrong place",
        "A statement such as `return` or `break` is not allowed at this place.",
        "Check the indentation and the brackets around the statement.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_ERROR: Text(
        "The program does not compile",
        "The compiler rejected the code.",
        "Read the first message in the compiler's output. Later messages often follow from it.",
        _MESSAGE,
    ),
}
