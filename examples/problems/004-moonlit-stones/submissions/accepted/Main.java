import java.io.IOException;
import java.io.StreamTokenizer;

public class Main {
    public static void main(String[] args) throws IOException {
        StreamTokenizer in = new StreamTokenizer(System.in);
        in.nextToken();
        int n = (int) in.nval;
        in.nextToken();
        int m = (int) in.nval;
        boolean[] dark = new boolean[n + 2];
        for (int i = 0; i < m; i++) {
            in.nextToken();
            dark[(int) in.nval] = true;
        }
        long[] ways = new long[n + 2];
        ways[0] = 1;
        for (int place = 1; place <= n + 1; place++)
            for (int hop = 1; hop <= 3 && hop <= place && !dark[place]; hop++)
                ways[place] = (ways[place] + ways[place - hop]) % 1_000_000_007L;
        System.out.println(ways[n + 1]);
    }
}
