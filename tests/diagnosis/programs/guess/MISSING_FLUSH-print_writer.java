import java.io.*;

public class Main {
    public static void main(String[] args) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        PrintWriter out = new PrintWriter(new OutputStreamWriter(System.out));
        int low = 1, high = 1000;
        String answer = "";
        while (!"right".equals(answer)) {
            int middle = (low + high) / 2;
            out.println(middle);
            answer = in.readLine();
            if ("higher".equals(answer)) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        out.flush();
    }
}
