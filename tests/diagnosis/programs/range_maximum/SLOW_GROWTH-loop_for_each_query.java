import java.io.*;
import java.util.*;

public class Main {
    public static void main(String[] args) throws IOException {
        StreamTokenizer in = new StreamTokenizer(new BufferedInputStream(System.in));
        in.nextToken();
        int n = (int) in.nval;
        in.nextToken();
        int q = (int) in.nval;
        List<Integer> row = new LinkedList<>();
        for (int i = 0; i < n; i++) {
            in.nextToken();
            row.add((int) in.nval);
        }
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < q; i++) {
            in.nextToken();
            int l = (int) in.nval;
            in.nextToken();
            int r = (int) in.nval;
            int best = Integer.MIN_VALUE;
            int at = 0;
            for (int value : row) {
                at++;
                if (at >= l && at <= r) best = Math.max(best, value);
            }
            out.append(best).append('\n');
        }
        System.out.print(out);
    }
}
