import java.util.*;

public class Main {
    public static void main(String[] args) {
        int n = new Scanner(System.in).nextInt();
        StringBuilder out = new StringBuilder();
        for (int i = n; i >= 1; i--) {
            out.append(i).append(' ');
        }
        System.out.println(out);
    }
}
