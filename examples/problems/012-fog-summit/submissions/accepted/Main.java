import java.util.Scanner;

public class Main {
    private static final Scanner IN = new Scanner(System.in);

    private static int height(int post) {
        System.out.println("? " + post);
        System.out.flush();
        return IN.nextInt();
    }

    public static void main(String[] args) {
        int low = 1;
        int high = IN.nextInt();
        while (low < high) {
            int middle = (low + high) / 2;
            if (height(middle) < height(middle + 1)) low = middle + 1;
            else high = middle;
        }
        System.out.println("! " + low);
    }
}
