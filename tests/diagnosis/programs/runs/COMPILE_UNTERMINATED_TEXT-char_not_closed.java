import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        String text = new Scanner(System.in).next();
        char last = '-;
        int count = 0;
        for (char letter : text.toCharArray()) {
            if (letter != last && count > 0) {
                System.out.println(last + " " + count);
                count = 0;
            }
            last = letter;
            count++;
        }
        System.out.println(last + " " + count);
    }
}
