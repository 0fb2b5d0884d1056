"""The Korean texts of the diagnoses."""

from collections.abc import Mapping

from graphql_api.data.enums import DiagnosisKind
from hints.diagnosis.texts import Text

_VALUES = "정답은 {expected}, 프로그램의 출력은 {actual}입니다."
_LINES = "{lines}줄 차이가 납니다."
_MESSAGE = "컴파일러 메시지: {message}"
_EXCEPTION = "발생한 예외는 {exception}입니다."

TEXTS: Mapping[DiagnosisKind, Text] = {
    DiagnosisKind.WHITE_SPACE: Text(
        "공백만 다릅니다",
        "출력의 내용은 맞지만 공백이나 줄바꿈이 다릅니다.",
        "예제 출력과 공백, 줄바꿈을 비교해 보세요.",
    ),
    DiagnosisKind.LETTER_CASE: Text(
        "대소문자만 다릅니다",
        "출력의 단어는 맞지만 대소문자가 다릅니다.",
        "`YES`, `Yes`처럼 문제에 적힌 그대로 출력하세요.",
        _VALUES,
    ),
    DiagnosisKind.LINE_ORDER: Text(
        "줄의 순서가 다릅니다",
        "필요한 줄이 모두 있지만 순서가 다릅니다.",
        "문제에서 요구하는 출력 순서를 다시 확인하고 정렬하세요.",
    ),
    DiagnosisKind.WORD_ORDER: Text(
        "단어의 순서가 다릅니다",
        "필요한 단어가 모두 있지만 순서가 다릅니다.",
        "한 줄에 값을 출력하는 순서를 확인하세요.",
    ),
    DiagnosisKind.MISSING_FIRST_LINE: Text(
        "첫 줄이 없습니다",
        "첫 줄이 빠진 것 외에는 출력이 맞습니다.",
        "반복문의 시작과, 반복문 전에 출력해야 할 결과를 확인하세요.",
    ),
    DiagnosisKind.MISSING_LAST_LINE: Text(
        "마지막 줄이 없습니다",
        "마지막 줄이 빠진 것 외에는 출력이 맞습니다.",
        "반복문의 끝과, 반복문 뒤에 남은 결과를 출력하는지 확인하세요.",
    ),
    DiagnosisKind.MISSING_LINES: Text(
        "빠진 줄이 있습니다",
        "출력한 줄은 모두 맞지만 일부 줄이 빠졌습니다.",
        "어떤 경우에 아무것도 출력하지 않는지 확인하세요.",
        _LINES,
    ),
    DiagnosisKind.EXTRA_FIRST_LINE: Text(
        "첫 줄이 더 있습니다",
        "맨 앞에 추가된 한 줄 외에는 출력이 맞습니다.",
        "프로그램이 처음에 출력하는 줄을 지우세요.",
    ),
    DiagnosisKind.EXTRA_LAST_LINE: Text(
        "마지막 줄이 더 있습니다",
        "맨 뒤에 추가된 한 줄 외에는 출력이 맞습니다.",
        "반복문의 끝을 확인하고 디버깅용 출력을 지우세요.",
    ),
    DiagnosisKind.EXTRA_LINES: Text(
        "불필요한 줄이 있습니다",
        "필요한 줄이 모두 있지만 다른 줄도 있습니다.",
        "디버깅용 출력을 지우고 반복 횟수를 확인하세요.",
        _LINES,
    ),
    DiagnosisKind.EXTRA_TEXT: Text(
        "불필요한 글자가 있습니다",
        "값은 맞지만 안내문 같은 글자가 함께 출력되었습니다.",
        "문제가 요구하는 것만 출력하고 `n을 입력하세요:` 같은 안내문을 지우세요.",
        _VALUES,
    ),
    DiagnosisKind.EMPTY_OUTPUT: Text(
        "출력이 없습니다",
        "프로그램이 정상 종료했지만 아무것도 출력하지 않았습니다.",
        "결과를 출력하는 함수가 이런 입력에서도 호출되는지 확인하세요.",
    ),
    DiagnosisKind.OFF_BY_ONE: Text(
        "숫자가 1만큼 다릅니다",
        "처음 틀린 숫자가 정답과 정확히 1만큼 다릅니다.",
        "반복문의 범위와 `<`, `<=`를 확인하세요.",
        _VALUES,
    ),
    DiagnosisKind.WRONG_SIGN: Text(
        "숫자의 부호가 다릅니다",
        "처음 틀린 숫자가 정답과 부호만 다릅니다.",
        "뺄셈의 순서를 확인하세요.",
        _VALUES,
    ),
    DiagnosisKind.POWER_OF_TWO_FACTOR: Text(
        "숫자가 2의 거듭제곱 배만큼 다릅니다",
        "처음 틀린 숫자와 정답이 2배, 4배, 8배처럼 다릅니다.",
        "쌍을 두 번 세거나 2로 한 번 더 나누지 않았는지 확인하세요.",
        _VALUES,
    ),
    DiagnosisKind.OVERFLOW_32: Text(
        "숫자가 32비트를 넘습니다",
        "처음 틀린 숫자는 정답이 32비트 정수에서 오버플로된 값입니다.",
        "중간 결과까지 `long long`이나 `long` 같은 64비트 형을 쓰세요.",
        _VALUES,
    ),
    DiagnosisKind.OVERFLOW_64: Text(
        "숫자가 64비트를 넘습니다",
        "처음 틀린 숫자는 정답이 64비트 정수에서 오버플로된 값입니다.",
        "큰 정수를 쓰거나 연산할 때마다 나머지를 구하세요.",
        _VALUES,
    ),
    DiagnosisKind.PRECISION: Text(
        "숫자의 정밀도가 부족합니다",
        "처음 틀린 숫자가 정답에 가깝지만 충분히 정밀하지 않습니다.",
        "소수점 아래를 더 출력하고, `float` 대신 `double`을 쓰고, 정수 나눗셈을 피하세요. "
        "큰 정수는 정수형에 저장하세요.",
        _VALUES,
    ),
    DiagnosisKind.NUMBER_FORMAT: Text(
        "숫자의 형식이 다릅니다",
        "출력의 숫자는 값이 같지만 다른 형식으로 적혔습니다.",
        "요구하는 소수점 자릿수로 출력하고 지수 표기를 쓰지 마세요.",
        _VALUES,
    ),
    DiagnosisKind.HIDDEN_TESTS_ONLY: Text(
        "예제는 통과하지만 다른 테스트에서 틀립니다",
        "예제는 모두 맞지만 공개되지 않은 테스트에서 틀립니다.",
        "제한이 허용하는 가장 작은 입력과 가장 큰 입력, 같은 값이 있는 입력을 시험해 보세요.",
    ),
    DiagnosisKind.FROM_NTH_TEST: Text(
        "특정 테스트부터 모두 틀립니다",
        "이 테스트 앞은 모두 통과하고 여기부터 모두 틀립니다. 뒤의 테스트는 대개 더 큽니다.",
        "배열의 크기, 정수형, 반복문의 한계를 확인하고 큰 입력을 시험해 보세요.",
    ),
    DiagnosisKind.CHECKER_REJECTED: Text(
        "답이 인정되지 않았습니다",
        "이 문제의 채점 프로그램이 출력을 인정하지 않았습니다.",
        "답이 문제의 모든 조건을 만족하는지 확인하세요.",
    ),
    DiagnosisKind.WRONG_ANSWER: Text(
        "출력이 틀렸습니다",
        "출력이 정답과 다릅니다.",
        "이 입력으로 프로그램을 손으로 따라가며 문제와 비교해 보세요.",
        _VALUES,
    ),
    DiagnosisKind.INPUT_NOT_READ: Text(
        "입력을 읽지 않았습니다",
        "프로그램이 표준 입력에서 아무것도 읽지 않았습니다.",
        "파일이 아니라 표준 입력에서 읽으세요.",
    ),
    DiagnosisKind.READ_PAST_END: Text(
        "입력보다 더 많이 읽습니다",
        "입력이 끝난 뒤에도 더 읽으려고 했습니다.",
        "읽는 값의 개수와 배치를 문제와 비교하세요.",
        _EXCEPTION,
    ),
    DiagnosisKind.NEVER_ENDS: Text(
        "프로그램이 끝나지 않습니다",
        "가장 작은 입력을 포함한 모든 테스트에서 시간 제한을 넘었습니다.",
        "조건이 거짓이 되지 않는 반복문을 찾아보세요.",
    ),
    DiagnosisKind.SLOW_LINEAR: Text(
        "느리지만 시간이 입력에 비례합니다",
        "시간이 입력의 크기에 대략 비례합니다.",
        "버퍼를 쓰는 빠른 입출력을 사용하고 출력은 모아서 한 번에 하세요.",
    ),
    DiagnosisKind.SLOW_GROWTH: Text(
        "시간이 입력보다 빨리 늘어납니다",
        "시간이 입력의 크기에 비례하는 것보다 빨리 늘어납니다.",
        "입력에 대한 중첩 반복문을 찾고 더 빠른 알고리즘을 생각해 보세요.",
    ),
    DiagnosisKind.TIME_LIMIT: Text(
        "프로그램이 너무 느립니다",
        "시간 제한을 넘었습니다.",
        "가장 큰 입력에서 연산 횟수를 세어 보세요.",
    ),
    DiagnosisKind.IDLE: Text(
        "프로그램이 기다리고 있습니다",
        "계산하지 않고 기다리다가 중단되었습니다.",
        "`sleep` 같은 호출을 지우고, 끝나지 않는 스레드를 기다리지 마세요.",
    ),
    DiagnosisKind.MISSING_FLUSH: Text(
        "프로그램과 채점기가 서로 기다립니다",
        "채점기의 응답을 기다리다가 중단되었습니다.",
        "한 줄을 출력할 때마다 버퍼를 비우고(flush), 응답을 정확히 하나씩 읽으세요.",
    ),
    DiagnosisKind.MEMORY_GROWING: Text(
        "메모리가 입력과 함께 늘어납니다",
        "큰 입력에서 메모리 제한을 넘었습니다.",
        "필요한 데이터만 남기고 더 작은 자료형을 쓰세요.",
    ),
    DiagnosisKind.MEMORY_AT_ONCE: Text(
        "메모리를 너무 많이 잡습니다",
        "가장 작은 입력을 포함한 모든 테스트에서 메모리 제한을 넘었습니다.",
        "배열의 크기를 줄이고 재귀나 반복이 끝나는지 확인하세요.",
    ),
    DiagnosisKind.OUTPUT_LIMIT: Text(
        "출력이 너무 많습니다",
        "출력이 제한보다 큽니다.",
        "끝없이 출력하는 반복문을 찾고 디버깅용 출력을 지우세요.",
    ),
    DiagnosisKind.RECURSION_DEPTH: Text(
        "재귀가 너무 깊습니다",
        "함수 호출이 너무 깊어졌습니다.",
        "재귀의 종료 조건을 확인하거나 반복문으로 바꾸세요.",
        _EXCEPTION,
    ),
    DiagnosisKind.INDEX_ERROR: Text(
        "인덱스가 범위를 벗어났습니다",
        "존재하지 않는 원소에 접근했습니다.",
        "반복문의 범위와 빈 목록인 경우를 확인하세요.",
        _EXCEPTION,
    ),
    DiagnosisKind.KEY_ERROR: Text(
        "키가 없습니다",
        "사전에 없는 키를 찾았습니다.",
        "키가 있는지 확인하거나 기본값을 쓰세요.",
        _EXCEPTION,
    ),
    DiagnosisKind.NULL_ERROR: Text(
        "값이 없습니다",
        "null, None 또는 undefined인 객체를 사용했습니다.",
        "아직 값이 없는 변수와, 입력의 모든 줄을 읽었는지 확인하세요.",
        _EXCEPTION,
    ),
    DiagnosisKind.ZERO_DIVISION: Text(
        "0으로 나누었습니다",
        "프로그램이 0으로 나누었습니다.",
        "나누는 수를 확인하고 0인 경우를 따로 처리하세요.",
    ),
    DiagnosisKind.CONVERSION_ERROR: Text(
        "숫자가 아닌 글자입니다",
        "예상한 형식이 아닌 글자를 변환하려고 했습니다.",
        "줄을 나눈 다음 변환하고, 입력의 배치를 문제와 비교하세요.",
        _EXCEPTION,
    ),
    DiagnosisKind.UNCAUGHT_EXCEPTION: Text(
        "예외로 종료되었습니다",
        "처리되지 않은 예외가 발생했습니다.",
        "표시된 줄과 그 줄의 변숫값을 확인하세요.",
        _EXCEPTION,
    ),
    DiagnosisKind.INVALID_MEMORY_ACCESS: Text(
        "잘못된 메모리 접근입니다",
        "허용되지 않은 메모리에 접근했습니다.",
        "배열의 인덱스와 포인터, 재귀의 깊이를 확인하세요.",
        "시그널은 {signal}입니다.",
    ),
    DiagnosisKind.ABORTED: Text(
        "프로그램이 스스로 중단했습니다",
        "프로그램이나 라이브러리가 `abort`로 중단했습니다.",
        "assert, 처리되지 않은 예외, 두 번 해제된 메모리를 확인하세요.",
        "시그널은 {signal}입니다.",
    ),
    DiagnosisKind.SIGNAL: Text(
        "시그널로 종료되었습니다",
        "프로그램이 시그널을 받아 종료되었습니다.",
        "채점기가 허용하지 않는 호출을 지우세요.",
        "시그널은 {signal}입니다.",
    ),
    DiagnosisKind.EXIT_CODE: Text(
        "종료 코드가 0이 아닙니다",
        "프로그램이 0이 아닌 종료 코드로 끝났습니다.",
        "`return 0`처럼 종료 코드 0으로 끝나게 하세요.",
        "종료 코드는 {exit_code}입니다.",
    ),
    DiagnosisKind.COMPILE_SYNTAX: Text(
        "문법 오류입니다",
        "컴파일러가 이 위치의 코드를 읽을 수 없습니다.",
        "표시된 줄과 바로 앞 줄의 끝을 확인하세요.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_INDENTATION: Text(
        "들여쓰기가 잘못되었습니다",
        "들여쓰기가 코드의 구조와 맞지 않습니다.",
        "블록마다 같은 수의 공백을 쓰고 탭과 공백을 섞지 마세요.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_MISSING_SEMICOLON: Text(
        "세미콜론이 없습니다",
        "컴파일러가 세미콜론을 기대했습니다.",
        "표시된 줄이나 바로 앞 줄의 끝에 `;`를 넣으세요.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_UNBALANCED_BRACKET: Text(
        "괄호의 짝이 맞지 않습니다",
        "코드의 괄호가 서로 맞지 않습니다.",
        "`(`, `[`, `{`마다 짝이 있는지 확인하세요.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_UNTERMINATED_TEXT: Text(
        "문자열이 닫히지 않았습니다",
        "따옴표가 닫히지 않았거나 허용되지 않은 글자가 있습니다.",
        "표시된 줄의 따옴표를 닫으세요.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_UNKNOWN_NAME: Text(
        "알 수 없는 이름입니다",
        "선언되지 않은 이름을 사용했습니다.",
        "이름의 철자와 선언, import를 확인하세요.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_WRONG_TYPE: Text(
        "자료형이 맞지 않습니다",
        "값의 자료형이 이 위치에서 필요한 것과 다릅니다.",
        "변수의 자료형과 값의 자료형을 비교하세요.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_WRONG_ARGUMENTS: Text(
        "인자가 맞지 않습니다",
        "함수가 받는 것과 다른 인자로 호출했습니다.",
        "인자의 개수, 순서, 자료형을 선언과 비교하세요.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_MISSING_RETURN: Text(
        "return 문이 없습니다",
        "값을 돌려주어야 하는 함수가 값 없이 끝납니다.",
        "함수의 모든 경로에 `return`을 넣으세요.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_DUPLICATE_NAME: Text(
        "이름이 두 번 선언되었습니다",
        "같은 이름이 두 번 이상 선언되었습니다.",
        "선언 하나의 이름을 바꾸거나 지우세요.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_MISSING_LIBRARY: Text(
        "라이브러리가 없습니다",
        "사용할 수 없는 라이브러리나 헤더를 사용했습니다.",
        "표준 라이브러리를 쓰고 이름의 철자를 확인하세요.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_MISSING_MAIN: Text(
        "main 함수나 클래스가 없습니다",
        "프로그램의 시작점이 없거나 이름이 다릅니다.",
        "언어의 예제처럼 시작점의 이름을 지으세요.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_UNASSIGNED_VARIABLE: Text(
        "변수에 값이 없습니다",
        "아직 값이 없을 수 있는 변수를 사용했습니다.",
        "변수에 초깃값을 넣으세요.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_CONSTANT_CHANGED: Text(
        "대입할 수 없습니다",
        "바꿀 수 없는 것에 값을 대입했습니다.",
        "대입문의 왼쪽과, `=`가 `==`이어야 하는지 확인하세요.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_UNHANDLED_EXCEPTION: Text(
        "예외를 처리하지 않았습니다",
        "선언하거나 잡아야 하는 예외를 던지는 메서드를 호출했습니다.",
        "메서드에 `throws`를 붙이거나 예외를 잡으세요.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_MISPLACED_STATEMENT: Text(
        "문장의 위치가 잘못되었습니다",
        "`return`이나 `break` 같은 문장이 허용되지 않는 위치에 있습니다.",
        "문장 주위의 들여쓰기와 괄호를 확인하세요.",
        _MESSAGE,
    ),
    DiagnosisKind.COMPILE_ERROR: Text(
        "컴파일되지 않습니다",
        "컴파일러가 코드를 받아들이지 않았습니다.",
        "컴파일러 출력의 첫 메시지를 읽어 보세요. 뒤의 메시지는 대개 그 때문에 생깁니다.",
        _MESSAGE,
    ),
}
