import java.util.*;

public class Main {
    public static void main(String[] args) {
        int n = new Scanner(System.in).nextInt();
        for (int i = n; i > 1; i--) {
            System.out.println(i);
        }
        if (n == 1) {
            System.out.print("");
        }
    }
}
