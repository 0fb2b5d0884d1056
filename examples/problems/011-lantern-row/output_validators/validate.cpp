// Accepts every order of 1..n whose neighbours differ by at least `least_gap`, a flag's number.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

static std::string feedback;

[[noreturn]] static void reject(const std::string &team, const std::string &judge) {
    std::ofstream(feedback + "teammessage.txt") << team << '\n';
    std::ofstream(feedback + "judgemessage.txt") << judge << '\n';
    std::exit(43);
}

int main(int count, char **words) {
    if (count != 6 || std::string(words[4]) != "least_gap") return 1;
    feedback = words[3];
    const int least = std::atoi(words[5]);
    int n = 0;
    std::string known;
    if (!(std::ifstream(words[1]) >> n) || !(std::ifstream(words[2]) >> known)) return 1;

    std::string word;
    std::vector<bool> hangs(n + 1);
    for (int place = 1, before = 0; place <= n; place++) {
        if (!(std::cin >> word)) reject("the row is too short", "it ends before " + std::to_string(place));
        if (place == 1 && word == "impossible") {
            if (known != "impossible") reject("there is an order", "it gives up");
            n = 0;
            break;
        }
        char *end = nullptr;
        const long number = std::strtol(word.c_str(), &end, 10);
        const std::string where = "place " + std::to_string(place);
        if (*end || word.size() > 6 || number < 1 || number > n)
            reject("there is no such lantern", where + ": " + word.substr(0, 20));
        if (hangs[number]) reject("a lantern hangs twice", where + ": " + word);
        if (place > 1 && std::abs(number - before) < least)
            reject("neighbours look alike", where + ": " + std::to_string(before) + " " + word);
        hangs[number] = true;
        before = number;
    }
    if (std::cin >> word) reject("the row is too long", "it goes on with " + word.substr(0, 20));
    if (n && known == "impossible") return 1;  // the answer of the package is wrong
    return 42;
}
