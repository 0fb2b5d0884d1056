import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        for (int pairs = in.nextInt(); pairs > 0; pairs--)
            System.out.println(in.next().sorted().equals(in.next().sorted()) ? "yes" : "no");
    }
}
