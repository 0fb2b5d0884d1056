import java.io.*;

public class Main {
    public static void main(String[] args) {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        String[] words = in.readLine().split(" ");
        System.out.println(Long.parseLong(words[0]) - Long.parseLong(words[1]));
    }
}
