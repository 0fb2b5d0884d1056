import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.Arrays;

public class Main {
    public static void main(String[] args) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        String[] head = in.readLine().trim().split(" ");
        int rows = Integer.parseInt(head[0]);
        int columns = Integer.parseInt(head[1]);
        char[][] market = new char[rows][];
        for (int r = 0; r < rows; r++) market[r] = in.readLine().trim().toCharArray();
        int[] steps = new int[rows * columns];
        Arrays.fill(steps, -1);
        int[] todo = new int[rows * columns];
        int filled = 0;
        int goal = -1;
        for (int i = 0; i < rows * columns; i++) {
            if (market[i / columns][i % columns] == 'L') goal = i;
            if (market[i / columns][i % columns] == 'S') {
                steps[i] = 0;
                todo[filled++] = i;
            }
        }
        int[] otherEnd = tunnels(market, rows, columns);
        for (int next = 0; next < filled; next++) {
            int here = todo[next];
            int r = here / columns;
            int c = here % columns;
            int[] around = {
                r > 0 ? here - columns : -1,
                r < rows - 1 ? here + columns : -1,
                c > 0 ? here - 1 : -1,
                c < columns - 1 ? here + 1 : -1,
                otherEnd[here],
            };
            for (int other : around) {
                if (other < 0 || steps[other] >= 0) continue;
                if (market[other / columns][other % columns] == '#') continue;
                steps[other] = steps[here] + 1;
                todo[filled++] = other;
            }
        }
        System.out.println(steps[goal]);
    }

    private static int[] tunnels(char[][] market, int rows, int columns) {
        int[] otherEnd = new int[rows * columns];
        Arrays.fill(otherEnd, -1);
        int[] first = new int[128];
        Arrays.fill(first, -1);
        for (int i = 0; i < rows * columns; i++) {
            char square = market[i / columns][i % columns];
            if (!Character.isDigit(square)) continue;
            if (first[square] >= 0) {
                otherEnd[i] = first[square];
                otherEnd[first[square]] = i;
            }
            first[square] = i;
        }
        return otherEnd;
    }
}
