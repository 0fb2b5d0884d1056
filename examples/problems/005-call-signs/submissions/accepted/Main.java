import java.util.Arrays;
import java.util.Scanner;

public class Main {
    private static char[] tiles(String sign) {
        char[] letters = sign.toLowerCase().toCharArray();
        Arrays.sort(letters);
        return letters;
    }

    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        for (int pairs = in.nextInt(); pairs > 0; pairs--)
            System.out.println(Arrays.equals(tiles(in.next()), tiles(in.next())) ? "Yes" : "No");
    }
}
