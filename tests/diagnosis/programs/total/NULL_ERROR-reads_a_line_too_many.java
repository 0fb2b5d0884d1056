import java.io.*;

public class Main {
    public static void main(String[] args) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        int n = Integer.parseInt(in.readLine().trim());
        long sum = 0;
        in.readLine();
        for (int i = 0; i < n; i++) {
            sum += Long.parseLong(in.readLine().trim());
        }
        System.out.println(sum);
    }
}
