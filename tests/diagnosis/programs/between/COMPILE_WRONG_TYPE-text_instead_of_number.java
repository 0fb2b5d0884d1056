import java.util.*;

public class Main {
    static int count(int a, int b) {
        return b - a + 1;
    }

    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        System.out.println(count(in.next(), in.next()));
    }
}
