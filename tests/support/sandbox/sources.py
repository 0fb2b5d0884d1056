"""The same program in the languages of submissions.

`READ` prints the content of each path in its input. `ENVIRONMENT` prints its environment variables.
`CONNECT` prints the answer of a server: its input is `HOST PORT TEXT`.
"""

LANGUAGES = ("c", "cpp", "python", "javascript", "java")

_READ_C = r"""
#include <dirent.h>
#include <stdio.h>
#include <string.h>
int main(void) {
    static char path[4096], text[65536];
    while (fgets(path, sizeof path, stdin)) {
        path[strcspn(path, "\n")] = 0;
        DIR *directory = opendir(path);
        struct dirent *entry;
        if (directory) {
            printf("list %s:", path);
            while ((entry = readdir(directory)) != NULL) printf(" %s", entry->d_name);
            puts("");
            continue;
        }
        FILE *file = fopen(path, "r");
        size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
        text[length] = 0;
        if (length) printf("read %s: %s\n", path, text);
        else printf("refused %s\n", path);
    }
}
"""
READ = {
    "c": _READ_C,
    "cpp": r"""
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
int main() {
    std::string path;
    while (std::getline(std::cin, path)) {
        std::error_code error;
        std::filesystem::directory_iterator entries(path, error);
        if (!error) {
            std::cout << "list " << path << ":";
            for (auto &entry : entries) std::cout << " " << entry.path();
            std::cout << "\n";
            continue;
        }
        std::ifstream file(path);
        std::string text;
        if (file && std::getline(file, text)) std::cout << "read " << path << ": " << text << "\n";
        else std::cout << "refused " << path << "\n";
    }
}
""",
    "python": """
import os, sys
for path in sys.stdin.read().splitlines():
    for word, look in (("list", os.listdir), ("read", lambda path: open(path, "rb").read(65536))):
        try:
            found = look(path)
        except OSError:
            continue
        if found or word == "list":
            print(word, path, found)
            break
    else:
        print("refused", path)
""",
    "javascript": """
const fs = require('fs');
const read = path => {
    const file = fs.openSync(path), block = Buffer.alloc(65536);
    return block.toString('utf8', 0, fs.readSync(file, block));
};
for (const path of fs.readFileSync(0, 'utf8').trim().split('\\n')) {
    let said = `refused ${path}`;
    for (const [word, look] of [['list', path => fs.readdirSync(path).join(' ')], ['read', read]]) {
        try {
            const found = look(path);
            if (found || word == 'list') { said = `${word} ${path}: ${found}`; break; }
        } catch (error) {}
    }
    console.log(said);
}
""",
    "java": """
import java.io.*;
import java.nio.file.*;
import java.util.*;
public class Main {
    public static void main(String[] given) throws Exception {
        for (Scanner lines = new Scanner(System.in); lines.hasNextLine(); ) {
            String path = lines.nextLine(), said = "refused " + path;
            String[] names = new File(path).list();
            if (names != null) said = "list " + path + ": " + String.join(" ", names);
            else try (InputStream file = new FileInputStream(path)) {
                byte[] found = file.readNBytes(65536);
                if (found.length > 0) said = "read " + path + ": " + new String(found);
            } catch (IOException error) {}
            System.out.println(said);
        }
    }
}
""",
}

_ENVIRONMENT_C = r"""
#include <stdio.h>
extern char **environ;
int main(void) { for (char **one = environ; *one; one++) puts(*one); }
"""
ENVIRONMENT = {
    "c": _ENVIRONMENT_C,
    "cpp": _ENVIRONMENT_C.replace("extern", 'extern "C"').replace("(void)", "()"),
    "python": "import os\nfor name, value in os.environ.items(): print(f'{name}={value}')",
    "javascript": "for (const name in process.env) console.log(`${name}=${process.env[name]}`);",
    "java": """
public class Main {
    public static void main(String[] given) {
        System.getenv().forEach((name, value) -> System.out.println(name + "=" + value));
    }
}
""",
}

_CONNECT_C = r"""
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
int main(void) {
    static char host[99], text[999], said[999];
    int port;
    if (scanf("%98s %d %998[^\n]", host, &port, text) != 3) return 9;
    struct sockaddr_in at;
    memset(&at, 0, sizeof at);
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = inet_addr(host);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at)) { puts("refused"); return 0; }
    strcat(text, "\r\n\r\n");
    if (write(fd, text, strlen(text)) > 0 && read(fd, said, sizeof said - 1) > 0)
        printf("heard %s\n", said);
}
"""
CONNECT = {
    "c": _CONNECT_C,
    "cpp": _CONNECT_C.replace("(void)", "()"),
    "python": """
import socket
host, port, text = input().split(" ", 2)
try:
    server = socket.create_connection((host, int(port)), 3)
    server.sendall(text.encode() + b"\\r\\n\\r\\n")
    print("heard", server.recv(999))
except OSError:
    print("refused")
""",
    "javascript": """
const [host, port, ...text] = require('fs').readFileSync(0, 'utf8').trim().split(' ');
const server = require('net').connect(Number(port), host);
server.on('connect', () => server.write(text.join(' ') + '\\r\\n\\r\\n'));
server.on('data', said => { console.log('heard ' + said); server.destroy(); });
server.on('error', () => console.log('refused'));
""",
    "java": """
import java.io.*;
import java.net.*;
import java.util.*;
public class Main {
    public static void main(String[] given) throws Exception {
        String[] words = new Scanner(System.in).nextLine().split(" ", 3);
        try (Socket server = new Socket(words[0], Integer.parseInt(words[1]))) {
            server.getOutputStream().write((words[2] + "\\r\\n\\r\\n").getBytes());
            byte[] said = new byte[999];
            int length = server.getInputStream().read(said);
            System.out.println("heard " + new String(said, 0, length));
        } catch (IOException error) {
            System.out.println("refused");
        }
    }
}
""",
}
