#include <stdio.h>

#define MOST 400

static char market[MOST + 2][MOST + 3];
static int steps[MOST + 2][MOST + 2], todo[MOST * MOST][2], ends[10][2][2], filled;

static void reach(int r, int c, int count) {
    if (market[r][c] == 0 || market[r][c] == '#' || steps[r][c]) return;
    steps[r][c] = count;
    todo[filled][0] = r;
    todo[filled++][1] = c;
}

int main(void) {
    int rows, columns;
    if (scanf("%d %d", &rows, &columns) != 2) return 1;
    for (int r = 1; r <= rows; r++) {
        if (scanf("%400s", market[r] + 1) != 1) return 1;
        for (int c = 1; c <= columns; c++) {
            char square = market[r][c];
            if (square == 'S') reach(r, c, 1);
            if (square < '0' || square > '9') continue;
            int second = ends[square - '0'][0][0] != 0;
            ends[square - '0'][second][0] = r;
            ends[square - '0'][second][1] = c;
        }
    }
    /* Steps are kept one too large: 0 is a square that was not reached. */
    for (int next = 0; next < filled; next++) {
        int r = todo[next][0], c = todo[next][1], count = steps[r][c] + 1;
        if (market[r][c] == 'L') {
            printf("%d\n", count - 2);
            return 0;
        }
        reach(r - 1, c, count);
        reach(r + 1, c, count);
        reach(r, c - 1, count);
        reach(r, c + 1, count);
        if (market[r][c] >= '0' && market[r][c] <= '9')
            for (int end = 0; end < 2; end++)
                reach(ends[market[r][c] - '0'][end][0], ends[market[r][c] - '0'][end][1], count);
    }
    puts("-1");
    return 0;
}
