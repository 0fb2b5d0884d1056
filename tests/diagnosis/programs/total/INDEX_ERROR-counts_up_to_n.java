import java.io.*;

public class Main {
    public static void main(String[] args) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        int n = Integer.parseInt(in.readLine().trim());
        String[] words = in.readLine().split(" ");
        long sum = 0;
        for (int i = 0; i <= n; i++) {
            sum += Long.parseLong(words[i]);
        }
        System.out.println(sum);
    }
}
