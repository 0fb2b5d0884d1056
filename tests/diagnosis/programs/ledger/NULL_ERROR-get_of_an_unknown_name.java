import java.util.*;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        Map<String, Integer> balances = new HashMap<>();
        while (n-- > 0) {
            String command = in.next();
            String name = in.next();
            if (command.equals("add")) {
                int balance = balances.get(name);
                balances.put(name, balance + in.nextInt());
            } else {
                System.out.println(balances.get(name));
            }
        }
    }
}
