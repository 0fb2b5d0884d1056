import java.io.*;

public class Main {
    public static void main(String[] arguments) {
        PrintWriter out = new PrintWriter(new BufferedWriter(new OutputStreamWriter(System.out)));
        out.println("3000000046\n3000000000");
    }
}
