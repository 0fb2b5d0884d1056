import java.io.*;
import java.util.*;

public class Main {
    public static void main(String[] arguments) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        in.readLine();
        StringTokenizer words = new StringTokenizer(in.readLine());
        long sum = 0, largest = Long.MIN_VALUE;
        while (words.hasMoreTokens()) {
            long x = Long.parseLong(words.nextToken());
            sum += x;
            largest = Math.max(largest, x);
        }
        PrintWriter out = new PrintWriter(new BufferedWriter(new OutputStreamWriter(System.out)));
        out.println(sum);
        out.println(largest);
        out.flush();
    }
}
