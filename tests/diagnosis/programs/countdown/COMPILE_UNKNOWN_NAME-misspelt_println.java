import java.util.*;

public class Main {
    public static void main(String[] args) {
        int n = new Scanner(System.in).nextInt();
        for (int i = n; i > 0; i--) System.out.printline(i);
    }
}
